#[test]
fn reads() {
    let p = playbook::Playbook::builtin();
    println!("{}", p.version());
}
