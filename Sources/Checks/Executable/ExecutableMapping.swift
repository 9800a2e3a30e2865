package import KernelModel
internal import KernelObjects

extension ExecutableMap {
  /// Looks at every executable page of `kernel`, once.
  ///
  /// - Throws: if the page tables cannot be read.
  package init(of kernel: Kernel) throws(CannotCheck) {
    let structures: KernelStructures?
    var unknown: CannotCheck?
    do throws(CannotCheck) {
      structures = try ExecutableCensus.structures(of: kernel)
    } catch {
      structures = nil
      unknown = error
    }
    let census = try ExecutableCensus(kernel, structures)
    self.init(
      rows: census.runs.map { run in
        Row(
          region: run.region, isWritable: run.isWritable, kind: run.kind == ExecutableCensus.nobody ? nil : run.kind,
          name: run.name)
      }, unknown: unknown)
  }
}
