//! Codes as customers type them.

use std::str::FromStr;

use ledger::ReferralCode;
use playbook::{Code, crockford};

use super::{Form, Target, Verdict, fuzz};

#[test]
fn whatever_is_typed_for_a_code_is_one_code_or_none() {
    let target = Target { name: "codes", form: Form::Text, cases: 20_000, at_least: 10, kinds: 5 };
    let secrets = ledger::CodeSecrets::new(*b"codes are fuzzed", None);
    fuzz(&target, |input| {
        let text = String::from_utf8_lossy(input);
        let mut met = Vec::new();
        match Code::from_str(&text) {
            Ok(code) => {
                let spelled = code.to_string();
                assert_eq!(Code::from_str(&spelled), Ok(code), "{text:?} is read as {spelled}, which is another code");
                assert!(crockford::digits(&spelled, 16).is_ok() && spelled.len() == 16, "{spelled}");
                assert!((1..=15).contains(&code.ticket().step), "{text:?}");
                assert!(!secrets.made("acme", "0123456789abcdef0123456789abcdef", &code), "{text:?} proves itself");
                met.push("a code".to_owned());
            }
            Err(why) => met.push(format!("{why:?}").split('(').take(1).collect()),
        }
        if let Ok(code) = ReferralCode::from_str(&text) {
            let spelled = code.to_string();
            assert_eq!(ReferralCode::from_str(&spelled), Ok(code), "{text:?} is read as {spelled}");
            met.push("for friends".to_owned());
        }
        let met = met.join(", ");
        if met.contains("a code") || met.contains("for friends") { Verdict::taken(met) } else { Verdict::refused(met) }
    });
}
