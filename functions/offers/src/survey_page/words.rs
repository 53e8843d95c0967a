//! What the page says by itself, in both languages; what is earned comes in the playbook's words.

use playbook::Language;
use playbook::mechanic::{Answer, Survey};

/// A page that asks nothing: why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// No link of ours.
    Unknown,
    /// Its last day is over, or whose it was is gone.
    Over,
    /// The store does not answer.
    Later,
}

/// Heading and sentence.
pub(super) fn notice(notice: Notice, language: Language) -> (&'static str, &'static str) {
    match (notice, language) {
        (Notice::Unknown, Language::En) => {
            ("This link does not work", "A part of it may be missing. Please open it from our letter once more.")
        }
        (Notice::Unknown, Language::Ru) => {
            ("Ссылка не работает", "Возможно, скопирована не вся. Откройте её ещё раз из нашего письма.")
        }
        (Notice::Over, Language::En) => ("This question is closed", "The link has expired. Thank you for coming by."),
        (Notice::Over, Language::Ru) => ("Опрос завершён", "Срок действия ссылки истёк. Спасибо, что заглянули."),
        (Notice::Later, Language::En) => {
            ("Please try again in a minute", "Something went wrong on our side, and nothing was lost.")
        }
        (Notice::Later, Language::Ru) => {
            ("Попробуйте ещё раз через минуту", "У нас что-то пошло не так, но ничего не потерялось.")
        }
    }
}

/// The question, and how its scale is to be read where it has one.
pub(super) fn question(survey: Survey, language: Language) -> (&'static str, Option<&'static str>) {
    match (survey, language) {
        (Survey::Reason, Language::En) => ("Why have you not ordered for a while?", None),
        (Survey::Reason, Language::Ru) => ("Почему вы давно ничего не заказывали?", None),
        (Survey::Nps, Language::En) => {
            ("How likely are you to recommend us to a friend?", Some("0 is not at all, 10 is very likely."))
        }
        (Survey::Nps, Language::Ru) => {
            ("Насколько вы готовы посоветовать нас друзьям?", Some("0 значит «ни за что», 10 значит «обязательно»."))
        }
        (Survey::Purchase, Language::En) => {
            ("How did your last purchase turn out?", Some("1 is badly, 5 is very well."))
        }
        (Survey::Purchase, Language::Ru) => {
            ("Как вам последняя покупка?", Some("1 значит «плохо», 5 значит «отлично»."))
        }
    }
}

/// A reason; a mark speaks for itself.
pub(super) fn reason(answer: Answer, language: Language) -> &'static str {
    match (answer, language) {
        (Answer::Price, Language::En) => "It is too expensive for me",
        (Answer::Price, Language::Ru) => "Для меня это дорого",
        (Answer::Delivery, Language::En) => "Delivery did not suit me",
        (Answer::Delivery, Language::Ru) => "Не устроила доставка",
        (Answer::Quality, Language::En) => "The quality let me down",
        (Answer::Quality, Language::Ru) => "Разочаровало качество",
        (Answer::Assortment, Language::En) => "I did not find anything new",
        (Answer::Assortment, Language::Ru) => "Не нашлось ничего нового",
        (_, Language::En) => "Another reason",
        (_, Language::Ru) => "Другая причина",
    }
}

/// The page's short texts.
pub(super) struct Short {
    pub(super) send: &'static str,
    pub(super) choose_first: &'static str,
    pub(super) thanks: &'static str,
    pub(super) recorded: &'static str,
    pub(super) already: &'static str,
    pub(super) for_you: &'static str,
    pub(super) your_code: &'static str,
    pub(super) at_checkout: &'static str,
    pub(super) selection: &'static str,
}

pub(super) fn short(language: Language) -> &'static Short {
    match language {
        Language::En => &Short {
            send: "Send",
            choose_first: "Please choose an answer first.",
            thanks: "Thank you!",
            recorded: "Your answer has reached us.",
            already: "You have answered this question already, and the first answer stands.",
            for_you: "For you",
            your_code: "Your code",
            at_checkout: "It waits for you at the checkout.",
            selection: "New for you",
        },
        Language::Ru => &Short {
            send: "Отправить",
            choose_first: "Сначала выберите ответ.",
            thanks: "Спасибо!",
            recorded: "Мы получили ваш ответ.",
            already: "Вы уже ответили на этот вопрос, и первый ответ остаётся в силе.",
            for_you: "Для вас",
            your_code: "Ваш код",
            at_checkout: "Ждёт вас при оформлении заказа.",
            selection: "Новое для вас",
        },
    }
}

/// The other language, in its own words.
pub(super) fn other(language: Language) -> (Language, &'static str) {
    match language {
        Language::En => (Language::Ru, "По-русски"),
        Language::Ru => (Language::En, "In English"),
    }
}
