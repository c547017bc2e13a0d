//! Several values in one cell.

/// As our own export writes them; [`split`] gives back the same.
pub fn join(values: &[&str]) -> String {
    let bare: Vec<String> = values.iter().map(|value| value.replace('\n', " ")).collect();
    if values.iter().any(|value| value.contains(';')) {
        bare.join("\n") + "\n"
    } else {
        bare.join("; ")
    }
}

/// One per line, or between semicolons; empty ones are none.
pub fn split(cell: &str) -> impl Iterator<Item = &str> {
    let between = if cell.contains('\n') { '\n' } else { ';' };
    cell.split(between).map(str::trim).filter(|value| !value.is_empty())
}
