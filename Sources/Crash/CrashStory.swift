internal import KernelModel
