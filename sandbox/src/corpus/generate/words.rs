//! What generated content is made of.

/// Names and mailbox names of correspondents.
pub(crate) const PEOPLE: &[(&str, &str)] = &[
    ("Ada Lovelace", "ada"),
    ("Jürgen Müller", "juergen.mueller"),
    ("Zoë Castillo", "zoe"),
    ("山田 太郎", "taro.yamada"),
    ("Анна Иванова", "anna"),
    ("Miles Morales", "miles"),
    ("Gwen Stacy", "gwen.stacy"),
    ("Łukasz Żak", "lukasz"),
    ("O'Brien, Pat", "pat.obrien"),
    ("Newsletter", "news"),
    ("فاطمة الزهراء", "fatima"),
    ("Ben Urich", "ben"),
];

/// Domains of correspondents.
pub(crate) const DOMAINS: &[&str] = &[
    "oscorp.example",
    "dailybugle.example",
    "horizon.example",
    "lists.example",
    "bücher.example",
];

/// What mails and meetings are about.
pub(crate) const TOPICS: &[&str] = &[
    "Quarterly numbers",
    "Rechnung Nr. 2041 – fällig",
    "Lunch?",
    "Déploiement de vendredi",
    "Security review: key rotation",
    "会議の議事録",
    "Offer for the Nürnberg office",
    "Re-scheduling the off-site 🏕️",
    "Budget / 2027 / draft \"v3\"",
    "Минуты встречи",
    "Your invoice is ready",
    "Fwd to legal: NDA <final>",
    "Web fluid supplier, new contract",
    "تقرير أسبوعي",
];

/// Sentences of bodies.
pub(crate) const SENTENCES: &[&str] = &[
    "Please find the numbers attached and tell me what you think before noon. ",
    "Die Unterlagen liegen im gemeinsamen Ordner, bitte prüfen. ",
    "We moved the deadline by a week; nobody objected. ",
    "Merci de confirmer votre présence à la réunion de jeudi. ",
    "詳細は添付ファイルをご覧ください。 ",
    "The door code has changed & the old one < 4 digits > no longer works. ",
    "Nothing to do on your side, this is only for the record. ",
    "I will be travelling until the 14th and answer in the evenings. ",
];

/// Titles of files.
pub(crate) const FILES: &[&str] = &[
    "Budget 2027",
    "Vertrag – Entwurf",
    "Roadmap",
    "会議メモ",
    "Photo",
    "Onboarding checklist",
    "Résumé",
    "Lab results",
    "Offer",
    "Minutes",
    "Backlog",
    "Diagram",
];

/// Places of meetings.
pub(crate) const PLACES: &[&str] = &[
    "",
    "Room 4.02",
    "https://meet.example/xyz",
    "Café Einstein, Berlin",
    "会議室 B",
    "Lab 1",
];

/// Time zones of meetings.
pub(crate) const ZONES: &[&str] = &[
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Etc/UTC",
];
