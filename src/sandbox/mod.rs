//! Stand-in CRMs over real HTTP; shares no code with `connectors`.
