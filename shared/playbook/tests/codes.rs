//! Personal codes: what was made is known again, in whatever way it is typed, and nothing else is (law 13).

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use playbook::code::{LAST_STEP, LETTERS};
use playbook::{Code, CodeSecrets, Mistyped, Ticket};
use proptest::prelude::*;
use segmentation::Day;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 2020-01-01 in days since 1970.
const FIRST_DAY: i64 = 18_262;

fn secrets() -> CodeSecrets {
    CodeSecrets::new([7; 32], None)
}

fn letter() -> impl Strategy<Value = char> {
    prop::sample::select(ALPHABET.as_slice()).prop_map(char::from)
}

prop_compose! {
    fn tickets()(number: u16, slot in 0..1_i64 << 15, step in 1..=LAST_STEP) -> Ticket {
        Ticket { number, slot: Day::from_epoch_days(FIRST_DAY + slot), step }
    }
}

/// Is the text a code of ours for this customer?
fn accepted(text: &str) -> Result<bool, Mistyped> {
    text.parse().map(|code: Code| secrets().made("shop", "customer", &code))
}

fn with(text: &str, at: usize, letter: char) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    letters[at] = letter;
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn what_is_written_reads_back_and_was_made_for_this_customer(ticket in tickets()) {
        let code = secrets().code("shop", "customer", ticket).unwrap();
        let text = code.to_string();
        prop_assert_eq!(text.len(), LETTERS);
        prop_assert!(text.bytes().all(|letter| ALPHABET.contains(&letter)));
        prop_assert_eq!(text.parse(), Ok(code));
        prop_assert_eq!(code.ticket(), ticket);
        prop_assert_eq!(accepted(&text), Ok(true));
    }

    #[test]
    fn small_letters_hyphens_spaces_and_look_alikes_are_the_same_code(ticket in tickets(), lower: [bool; 16], look in "[oOiIlL]{3}") {
        let code = secrets().code("shop", "customer", ticket).unwrap();
        let mut looks = look.chars().cycle();
        let mut typed = String::from(" ");
        for (nth, (letter, lower)) in code.to_string().chars().zip(lower).enumerate() {
            let alike = looks.next().filter(|alike| {
                let zero = alike.eq_ignore_ascii_case(&'o');
                (zero && letter == '0') || (!zero && letter == '1')
            });
            let letter = alike.unwrap_or(letter);
            typed.push(if lower { letter.to_ascii_lowercase() } else { letter });
            if nth % 4 == 3 {
                typed.push('-');
            }
        }
        prop_assert_eq!(typed.parse(), Ok(code));
    }

    #[test]
    fn one_wrong_letter_is_always_a_slip(ticket in tickets(), at in 0..LETTERS, letter in letter()) {
        let text = secrets().code("shop", "customer", ticket).unwrap().to_string();
        let wrong = with(&text, at, letter);
        prop_assume!(wrong != text);
        prop_assert_eq!(accepted(&wrong), Err(Mistyped::Check));
    }

    #[test]
    fn any_letters_changed_are_a_slip_or_not_ours(ticket in tickets(), changes in prop::collection::vec((0..LETTERS, letter()), 2..9)) {
        let text = secrets().code("shop", "customer", ticket).unwrap().to_string();
        let wrong = changes.iter().fold(text.clone(), |text, (at, letter)| with(&text, *at, *letter));
        prop_assume!(wrong != text);
        prop_assert!(matches!(accepted(&wrong), Err(Mistyped::Check) | Ok(false)), "{wrong} for {text}");
    }

    #[test]
    fn a_forger_who_knows_the_form_but_not_the_secret_is_refused(body in prop::collection::vec(letter(), LETTERS - 1)) {
        let body: String = body.into_iter().collect();
        let whole = |check: &u8| format!("{body}{}", char::from(*check));
        let read: Vec<Code> = ALPHABET.iter().filter_map(|check| whole(check).parse().ok()).collect();
        // Step 0 is in no code.
        prop_assert!(read.len() <= 1, "one check letter fits");
        prop_assert!(read.iter().all(|code| !secrets().made("shop", "customer", code)));
    }

    #[test]
    fn a_code_is_of_one_shop_one_customer_and_one_secret(ticket in tickets(), secret: [u8; 32]) {
        prop_assume!(secret != [7; 32]);
        let code = secrets().code("shop", "customer", ticket).unwrap();
        for (shop, customer) in [("shop", "another"), ("another", "customer"), ("customer", "shop")] {
            prop_assert!(!secrets().made(shop, customer, &code));
        }
        prop_assert!(!CodeSecrets::new(secret, None).made("shop", "customer", &code));
    }

    #[test]
    fn another_ticket_has_another_proof(ticket in tickets(), other in tickets()) {
        prop_assume!(ticket != other);
        let proof = |ticket| secrets().code("shop", "customer", ticket).unwrap().to_string()[7..15].to_owned();
        prop_assert_ne!(proof(ticket), proof(other));
    }

    #[test]
    fn after_a_rotation_old_codes_stand_as_long_as_the_old_secret_is_kept(ticket in tickets()) {
        let old = secrets().code("shop", "customer", ticket).unwrap();
        let rotated = CodeSecrets::new([8; 32], Some(vec![7; 32]));
        let dropped = CodeSecrets::new([8; 32], None);
        let new = rotated.code("shop", "customer", ticket).unwrap();
        prop_assert_ne!(old, new);
        prop_assert!(rotated.made("shop", "customer", &old) && rotated.made("shop", "customer", &new));
        prop_assert!(!dropped.made("shop", "customer", &old) && dropped.made("shop", "customer", &new));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        // Whatever it is, it must neither panic nor be ours.
        prop_assert!(!matches!(accepted(&text), Ok(true)));
    }
}

#[test]
fn what_no_code_can_name_has_none() {
    let ticket = |days, step| Ticket { number: 1, slot: Day::from_epoch_days(FIRST_DAY + days), step };
    for impossible in [ticket(-1, 1), ticket(1 << 15, 1), ticket(0, 0), ticket(0, LAST_STEP + 1)] {
        assert_eq!(secrets().code("shop", "customer", impossible), None, "{impossible:?}");
    }
}

#[test]
fn a_slip_says_what_is_wrong() {
    let text = secrets().code("shop", "customer", Ticket { number: 9, slot: Day::from_epoch_days(20_000), step: 1 });
    let text = text.unwrap().to_string();
    assert_eq!(accepted(&text[..15]), Err(Mistyped::Length(15)));
    assert_eq!(accepted(&format!("{text}0")), Err(Mistyped::Length(17)));
    assert_eq!(accepted(""), Err(Mistyped::Length(0)));
    assert_eq!(accepted(&with(&text, 3, 'U')), Err(Mistyped::Letter('U')));
    assert_eq!(accepted(&with(&text, 3, 'ж')), Err(Mistyped::Letter('ж')));
}
