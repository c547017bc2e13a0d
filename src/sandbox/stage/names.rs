//! Words that records are made of.

/// A first name, and what it looks like in an address.
pub(crate) static FIRST: &[(&str, &str)] = &[
    ("Anna", "anna"),
    ("Jürgen", "juergen"),
    ("Sofía", "sofia"),
    ("Łukasz", "lukasz"),
    ("Zoë", "zoe"),
    ("Mehmet", "mehmet"),
    ("Ingrid", "ingrid"),
    ("Jean-Luc", "jean-luc"),
    ("María José", "mariajose"),
    ("Søren", "soeren"),
    ("Chloé", "chloe"),
    ("Dmitri", "dmitri"),
    ("Priya", "priya"),
    ("Kenji", "kenji"),
    ("Fatima", "fatima"),
    ("Olaf", "olaf"),
    ("Günther", "guenther"),
    ("Emily", "emily"),
    ("Noah", "noah"),
    ("Liam", "liam"),
    ("Siobhán", "siobhan"),
    ("Björk", "bjoerk"),
    ("Tomáš", "tomas"),
    ("Ngọc", "ngoc"),
];

pub(crate) static LAST: &[(&str, &str)] = &[
    ("Müller", "mueller"),
    ("Schmidt", "schmidt"),
    ("O'Brien", "obrien"),
    ("García", "garcia"),
    ("Nowak", "nowak"),
    ("van der Berg", "vanderberg"),
    ("Yılmaz", "yilmaz"),
    ("Lefèvre", "lefevre"),
    ("Hansen", "hansen"),
    ("Petrov", "petrov"),
    ("Sharma", "sharma"),
    ("Tanaka", "tanaka"),
    ("Weiß", "weiss"),
    ("Bauer", "bauer"),
    ("Smith-Jones", "smith-jones"),
    ("Novák", "novak"),
    ("Nguyễn", "nguyen"),
    ("Østergård", "oestergaard"),
    ("Wagner", "wagner"),
    ("D'Angelo", "dangelo"),
    ("Keller", "keller"),
    ("Huber", "huber"),
    ("Taylor", "taylor"),
];

/// Whole names that break careless code: right to left, emoji, joined emoji, one letter,
/// markup, quotes, a zero-width space, more than a column holds comfortably.
pub(crate) static ODD: &[&str] = &[
    "محمد الأحمد",
    "נועה לוי",
    "🦄 Luna Sparkle",
    "👩‍👩‍👧 Familie Berg",
    "李小龍",
    "X",
    "<b>Bold</b> Bob",
    "Robert'); DROP TABLE students;--",
    "Ann\u{200b}a Zero",
    "  Spacey   Name  ",
    "ＦＵＬＬ ＷＩＤＴＨ",
    "Zalgo Z̷̢̛a̶l̸g̵o̶",
    "Maximiliane Wilhelmine Friederike von und zu Hohenstein-Schlüsselburg-Wittgenstein",
];

pub(crate) static ORG_FIRST: &[(&str, &str)] = &[
    ("Nordlicht", "nordlicht"),
    ("Blue Harbor", "blueharbor"),
    ("Élan", "elan"),
    ("Grüner Hof", "gruenerhof"),
    ("Quantum", "quantum"),
    ("Sole Mio", "solemio"),
    ("Fjord", "fjord"),
    ("Atlas", "atlas"),
    ("Edelweiß", "edelweiss"),
    ("Zenith", "zenith"),
    ("שמש", "shemesh"),
    ("東京", "tokyo"),
];

pub(crate) static ORG_LAST: &[(&str, &str)] = &[
    ("Logistik GmbH", "logistik"),
    ("Foods Ltd", "foods"),
    ("Consulting", "consulting"),
    ("Bau AG", "bau"),
    ("Software SE", "software"),
    ("& Söhne KG", "soehne"),
    ("Health Inc.", "health"),
    ("Energie", "energie"),
];

/// Mailboxes that belong to everybody in an organization.
pub(crate) static SHARED: &[&str] = &["info", "office", "sales", "kontakt"];

/// Text in an e-mail field that is no address.
pub(crate) static MALFORMED: &[&str] = &[
    "n/a",
    "none",
    "kein E-Mail",
    "anna(at)example.com",
    "two@at@example.com",
    "@example.com",
    "someone@",
    "no-at-sign.example.com",
    "spaces in@example.com",
    "http://example.com",
];

pub(crate) static CITIES: &[(&str, &str)] = &[
    ("Berlin", "10115"),
    ("Hamburg", "20095"),
    ("München", "80331"),
    ("Wien", "1010"),
    ("Zürich", "8001"),
    ("New York", "10001"),
    ("London", "EC1A 1BB"),
    ("Lyon", "69001"),
];
