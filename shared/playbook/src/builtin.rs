//! The first playbook, compiled in: a shop that has published none of its own uses this one.

use std::sync::LazyLock;

use crate::playbook::Playbook;

static BUILTIN: LazyLock<Playbook> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
    Playbook::parse(include_str!("playbook.toml")).expect("playbook.toml is a whole playbook")
});

impl Playbook {
    /// The first playbook, parsed once.
    #[must_use]
    pub fn builtin() -> &'static Playbook {
        &BUILTIN
    }
}
