//! The first playbook, compiled in: a shop that has published none of its own uses this one.

use std::sync::LazyLock;

use crate::playbook::Playbook;

static BUILTIN: LazyLock<Playbook> = LazyLock::new(|| {
    let text = concat!(
        include_str!("builtin/vip.toml"),
        include_str!("builtin/loyal.toml"),
        include_str!("builtin/promising.toml"),
        include_str!("builtin/churning.toml"),
        include_str!("builtin/one_time.toml"),
        include_str!("builtin/messages.toml"),
        include_str!("builtin/rewards.toml"),
        include_str!("builtin/words.toml"),
    );
    #[expect(clippy::expect_used, reason = "the files are compiled in, and a test reads them")]
    Playbook::parse(text).expect("the built-in files are a whole playbook")
});

impl Playbook {
    /// The first playbook, parsed once.
    #[must_use]
    pub fn builtin() -> &'static Playbook {
        &BUILTIN
    }
}
