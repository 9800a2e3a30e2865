package import KernelModel

extension X86_64: DecodingArchitecture {}
