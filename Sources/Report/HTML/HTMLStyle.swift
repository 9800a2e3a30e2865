extension HTMLReport {
  /// Calm, readable at 3 a.m., light or dark as the reader's screen is, and dark on white on paper.
  ///
  /// No character in it means something in XML, so that it stands as it is.
  static let style: HTML = """
    :root { color-scheme: light dark;
      --paper: #fbfaf8; --sheet: #ffffff; --ink: #1d2126; --quiet: #59626d; --rule: #dcdfe3; --link: #1f5a93;
      --critical: #a8201a; --critical-wash: #fbecea; --warning: #805500; --warning-wash: #fbf3df;
      --unknown: #6b3f8c; --unknown-wash: #f4edf9; --ok: #1f6b3b; --ok-wash: #e9f5ed; --code: #f3f4f5;
      --kind-0: #c3d4ec; --kind-1: #c5e4d2; --kind-2: #f4e0ab; --kind-3: #e5cdf0; --kind-4: #f6cfc0; --kind-5: #cfe6ea;
      --kind-6: #d9dce0; --empty: #eceef0; --mark: var(--quiet); --wash: transparent; }
    @media screen and (prefers-color-scheme: dark) { :root {
      --paper: #15181c; --sheet: #1b1f24; --ink: #dfe3e8; --quiet: #98a2ad; --rule: #343b43; --link: #86b8ee;
      --critical: #ff8f85; --critical-wash: #3a1f1e; --warning: #e9b95a; --warning-wash: #352a15;
      --unknown: #cba6ea; --unknown-wash: #2d2238; --ok: #7fcf9b; --ok-wash: #183024; --code: #22272d;
      --kind-0: #2f4b74; --kind-1: #29563f; --kind-2: #655120; --kind-3: #56396a; --kind-4: #6c3f2f; --kind-5: #25555e;
      --kind-6: #4a515a; --empty: #262b31; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
      font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
      overflow-wrap: anywhere; font-variant-ligatures: none; }
    pre, code, .address, .handler, .run { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; }
    code, .address, .handler, .run { font-size: 0.875em; }
    a { color: var(--link); text-underline-offset: 0.15em; }
    a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--link); }
    h1, h2, h3, h4 { line-height: 1.25; }
    h1 { margin: 0.25rem 0 1rem; font-size: 1.5rem; font-weight: 600; }
    h2 { margin: 3rem 0 1rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--rule); font-size: 1.35rem; }
    h3 { margin: 1.75rem 0 0.5rem; font-size: 1.05rem; }
    h4 { margin: 1.5rem 0 0.5rem; font-size: 0.95rem; }
    p { margin: 0.5rem 0; max-width: 46rem; }
    ul, ol { margin: 0.25rem 0; padding-left: 1.4rem; }
    .tool, .note, .left, .count, figcaption, footer { color: var(--quiet); font-size: 0.875rem; }
    .count { font-weight: 400; margin-right: 0.5em; }
    .remedy { display: block; color: var(--quiet); }
    header { padding: 1.25rem 1.5rem; background: var(--sheet); border: 1px solid var(--rule);
      border-left: 0.5rem solid var(--mark); border-radius: 0.25rem; }
    .critical { --mark: var(--critical); --wash: var(--critical-wash); }
    .warning { --mark: var(--warning); --wash: var(--warning-wash); }
    .unknown { --mark: var(--unknown); --wash: var(--unknown-wash); }
    .ok { --mark: var(--ok); --wash: var(--ok-wash); }
    .tool { margin: 0; }
    .word { color: var(--mark); font-weight: 800; letter-spacing: 0.02em; margin-right: 0.3em; }
    .badge { display: inline-block; padding: 0 0.45em; border: 1px solid var(--mark); border-radius: 0.25rem;
      margin-right: 0.35em; background: var(--wash); color: var(--mark); font-size: 0.8rem; font-weight: 600; white-space: nowrap; }
    .alarm { color: var(--critical); font-weight: 600; }
    dl { display: grid; grid-template-columns: minmax(5.5rem, max-content) 1fr; gap: 0.3rem 1.25rem; margin: 0.5rem 0; }
    dt { color: var(--quiet); }
    dd { margin: 0; min-width: 0; }
    dd dl { grid-template-columns: fit-content(11rem) 1fr; margin: 0; }
    dd p:first-child, dd ul:first-child, dd ol:first-child { margin-top: 0; }
    nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 1rem 0 0; padding: 0; list-style: none; }
    article { margin: 1.25rem 0; padding: 0.25rem 1.25rem 1rem; background: var(--sheet); border: 1px solid var(--rule);
      border-radius: 0.25rem; }
    article.critical, article.warning { border-left: 0.25rem solid var(--mark); }
    article h3 { margin-top: 1rem; }
    #do { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 0 2.5rem; }
    #do h2 { grid-column: 1 / -1; } #do h3 { margin-top: 0.5rem; }
    .scroll { overflow-x: auto; margin: 0.75rem 0; }
    table { border-collapse: collapse; min-width: min(100%, 44rem); font-size: 0.9375rem; }
    caption { text-align: left; padding: 0.25rem 0; color: var(--quiet); font-size: 0.875rem; }
    th, td { padding: 0.35rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--rule); text-align: left;
      vertical-align: top; min-width: 6.5rem; }
    .number, td.link, td:has(.badge) { min-width: 0; }
    thead th { color: var(--quiet); font-weight: 500; font-size: 0.875rem; white-space: nowrap; }
    tbody th { font-weight: 600; white-space: nowrap; }
    th:first-child, td:first-child { padding-left: 0.6rem; }
    th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    td.address, td.link { white-space: nowrap; }
    td.handler { min-width: 11rem; }
    tbody tr.critical { background: var(--wash); }
    tbody tr.critical td:first-child { box-shadow: inset 0.2rem 0 var(--mark); }
    tbody tr.unknown { background: var(--wash); }
    pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; overflow-wrap: normal; background: var(--code);
      border-radius: 0.25rem; font-size: 0.8125rem; line-height: 1.45; }
    mark { background: var(--warning-wash); color: inherit; font-weight: 700; }
    summary { cursor: pointer; padding: 0.25rem 0; color: var(--link); }
    figure { margin: 1.25rem 0; }
    svg.map { display: block; width: 100%; min-width: 44rem; height: auto; }
    svg text { fill: var(--ink); font: 12px ui-monospace, "DejaVu Sans Mono", monospace; }
    svg text.area { font: 600 13px system-ui, "DejaVu Sans", sans-serif; font-variant-ligatures: none; }
    svg text.address { fill: var(--quiet); }
    svg .line { fill: var(--empty); }
    svg .run { stroke: var(--sheet); stroke-width: 0.5; }
    svg .kind-0 { fill: var(--kind-0); } svg .kind-1 { fill: var(--kind-1); } svg .kind-2 { fill: var(--kind-2); }
    svg .kind-3 { fill: var(--kind-3); } svg .kind-4 { fill: var(--kind-4); } svg .kind-5 { fill: var(--kind-5); }
    svg .kind-6 { fill: var(--kind-6); }
    svg .nobody { fill: url(#hatch); }
    svg .hatch-ground { fill: var(--critical-wash); } svg .hatch-line, svg .pin { fill: var(--critical); }
    svg .stray { stroke: var(--critical); stroke-width: 1.5; } svg .stem { stroke: var(--critical); }
    svg text.callout { fill: var(--critical); font-weight: 700; }
    .legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; padding: 0; list-style: none; }
    .swatch { width: 1rem; height: 1rem; vertical-align: -0.15rem; }
    .printed { display: none; }
    footer { margin-top: 3rem; border-top: 1px solid var(--rule); }
    @media (max-width: 40rem) {
      body { padding: 0.75rem 0.75rem 3rem; }
      header { padding: 1rem; } article { padding: 0 0.75rem 0.75rem; }
      dl, dd dl, #do { grid-template-columns: 1fr; gap: 0; } dt { margin-top: 0.5rem; }
      h1 { font-size: 1.25rem; }
      #wrong thead, #checks thead { display: none; }
      #wrong tr, #checks tr { display: flex; flex-wrap: wrap; align-items: baseline; padding: 0.4rem 0; }
      #wrong td, #checks td, #checks th { border: 0; padding: 0.1rem 0.6rem; min-width: 0; }
      #wrong td:nth-child(4), #checks td:nth-child(3) { flex-basis: 100%; }
      #wrong tbody tr, #checks tbody tr { border-bottom: 1px solid var(--rule); } }
    @page { margin: 16mm 14mm; }
    @media print {
      :root { --paper: #ffffff; } body { max-width: none; padding: 0; font-size: 9.5pt; }
      * { print-color-adjust: exact; }
      #do { display: block; } nav, .unprinted { display: none; } .printed { display: block; color: var(--quiet); }
      details::details-content { content-visibility: visible; display: block; height: auto; }
      summary { color: var(--quiet); list-style: none; }
      tr, figure, #do div, article.critical, article.warning { break-inside: avoid; }
      h2, h3, h4, summary { break-after: avoid; } h2 { margin-top: 1.5rem; }
      .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; font-size: 7.5pt; }
      svg.map { min-width: 0; } table { font-size: 8.5pt; } a { color: inherit; text-decoration: none; } }
    """
}
