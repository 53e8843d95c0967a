//! Crockford's base 32 with a check letter: what customers read aloud and type.

use crate::code::Mistyped;

/// No I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Five bits a letter, and the check letter after them.
#[must_use]
pub fn letters(body: &[u8]) -> String {
    let digits = body.iter().copied().chain([check_digit(body)]);
    digits.map(|digit| char::from(ALPHABET[usize::from(digit & 31)])).collect()
}

/// The five bits of each letter but the last, which has to fit them. Small letters are large ones, `O` is `0`, `I` and `L` are
/// `1`; spaces and hyphens are passed over.
///
/// # Errors
/// [`Mistyped`] where it has not `count` letters, one of them is foreign, or the check letter does not fit.
pub fn digits(text: &str, count: usize) -> Result<Vec<u8>, Mistyped> {
    let typed = || text.chars().filter(|letter| !matches!(letter, ' ' | '-'));
    let mut digits = Vec::with_capacity(count);
    for letter in typed() {
        let upper = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|known| char::from(*known) == upper);
        digits.push(digit.and_then(|digit| u8::try_from(digit).ok()).ok_or(Mistyped::Letter(letter))?);
        if digits.len() > count {
            return Err(Mistyped::Length(typed().count()));
        }
    }
    if digits.len() != count {
        return Err(Mistyped::Length(digits.len()));
    }
    match digits.pop() {
        Some(check) if check == check_digit(&digits) => Ok(digits),
        _ => Err(Mistyped::Check),
    }
}

/// Luhn modulo 32: doubles every second digit from the right, so that one wrong letter, and nearly any swap of two
/// neighbours, is seen.
fn check_digit(body: &[u8]) -> u8 {
    let sum: u32 = body
        .iter()
        .rev()
        .enumerate()
        .map(|(nth, digit)| {
            let digit = u32::from(*digit);
            let weighed = if nth % 2 == 0 { digit * 2 } else { digit };
            weighed / 32 + weighed % 32
        })
        .sum();
    ((32 - sum % 32) % 32) as u8
}
