//! Texts as long as a field takes.

/// So many characters, not all of them of one byte.
pub(crate) fn long(characters: usize) -> String {
    "Wants a call back – über alles. ".chars().cycle().take(characters).collect()
}
