package import KernelModel

extension ExecutableMap {
  /// Looks at every executable page of `kernel`, once.
  ///
  /// - Throws: if the page tables cannot be read.
  package init(of kernel: Kernel) throws(CannotCheck) {
    let work: TextWork?
    var unknown: CannotCheck?
    do throws(CannotCheck) {
      work = try TextWork.shared(kernel)
    } catch {
      work = nil
      unknown = error
    }
    let census = try ExecutableCensus(kernel, work)
    self.init(
      rows: census.runs.map { run in
        Row(
          region: run.region, isWritable: run.isWritable, kind: run.kind == ExecutableCensus.nobody ? nil : run.kind,
          name: run.name)
      }, unknown: unknown)
  }
}
