//! Mail into the mailbox, and through a relay that speaks as much SMTP as it needs.

use std::path::Path;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use super::*;
use crate::config::Environment;

fn letter(subject: &str, text: &str) -> Letter {
    Letter { subject: subject.to_owned(), text: text.to_owned() }
}

fn in_mailbox(name: &str) -> (Mailer, PathBuf) {
    let folder = std::env::temp_dir().join(format!("tandem-{name}-{}", uuid::Uuid::now_v7()));
    (Mailer::new(&Config::for_tests(&folder)).unwrap(), folder)
}

fn through(url: &str) -> Result<Mailer, ConfigError> {
    let mut config = Config::for_tests(Path::new("/x"));
    config.mail = Some(MailRoute::Smtp(url.into()));
    Mailer::new(&config)
}

/// Answers one dialogue and returns what it was told; `rcpt` is the answer to the recipient.
async fn relay_that_says(rcpt: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the other end of the dialogue, in a test")]
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let mut heard = String::new();
        write.write_all(b"220 relay\r\n").await.unwrap();
        let mut in_data = false;
        while let Ok(Some(line)) = lines.next_line().await {
            heard.push_str(&line);
            heard.push('\n');
            let answer = match line.get(..4).unwrap_or(&line) {
                "." => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => continue,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "RCPT" => rcpt,
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                break;
            }
            if answer.starts_with("221") || line == "." {
                break;
            }
        }
        heard
    });
    (url, heard)
}

#[tokio::test]
async fn a_mail_lands_in_the_mailbox_with_its_links_and_every_letter() {
    let (mailer, folder) = in_mailbox("mail");
    assert_eq!(mailer.mailbox().unwrap(), Some(Vec::new()));
    let text = "Grüße, 日本!\n\nhttps://x.example/confirm#token=abc\n\nA line that is far longer than the seventy-eight characters at which mail likes to be broken.";
    mailer.send("anna@example.com", &letter("Ihre Bestätigung für Zoë", text)).await.unwrap();

    let mails = mailer.mailbox().unwrap().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "anna@example.com");
    assert_eq!(mails[0].subject, "Ihre Bestätigung für Zoë");
    assert_eq!(mails[0].text, text);
    assert_eq!(mails[0].links, ["https://x.example/confirm#token=abc"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn nothing_in_an_address_or_a_subject_becomes_a_header() {
    let (mailer, folder) = in_mailbox("injection");
    for to in ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "x", ""] {
        let refused = mailer.send(to, &letter("s", "t")).await.unwrap_err();
        assert!(matches!(refused, MailError::Address), "{to:?}");
        assert!(!refused.to_string().contains("example"), "{refused}");
    }
    let subject = "s\r\nBcc: b@example.com\r\n\r\nbody";
    mailer.send("a@example.com", &letter(subject, "t")).await.unwrap();
    let mails = mailer.mailbox().unwrap().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].text, "t");
    let raw = std::fs::read_to_string(folder.join("mail").join(format!("{}.eml", mails[0].id)));
    assert!(!raw.unwrap().to_lowercase().contains("\nbcc:"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_relay_gets_the_mail() {
    let (url, heard) = relay_that_says("250 ok").await;
    let mailer = through(&url).unwrap();
    mailer.send("anna@example.com", &letter("Hello", "Text")).await.unwrap();
    assert_eq!(mailer.mailbox().unwrap(), None);
    let heard = heard.await.unwrap();
    assert!(heard.contains("RCPT TO:<anna@example.com>"), "{heard}");
    assert!(heard.contains("Subject: Hello"), "{heard}");
}

#[tokio::test]
async fn a_refusal_is_told_from_a_delay_and_neither_repeats_the_address() {
    let (url, _heard) = relay_that_says("550 no such user anna@example.com").await;
    let refused = through(&url).unwrap().send("anna@example.com", &letter("s", "t")).await;
    let refused = refused.unwrap_err();
    assert!(matches!(&refused, MailError::Refused(code) if code == "550"), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("anna"), "{refused:?}");

    let (url, _heard) = relay_that_says("451 greylisted, anna@example.com").await;
    let later = through(&url).unwrap().send("anna@example.com", &letter("s", "t")).await;
    assert!(matches!(later, Err(MailError::Later)));

    let nobody = through("smtp://127.0.0.1:1").unwrap();
    assert!(matches!(nobody.send("a@example.com", &letter("s", "t")).await, Err(MailError::Later)));
}

#[tokio::test]
async fn production_sends_passwords_and_mail_encrypted_only() {
    let mut config = Config::for_tests(Path::new("/x"));
    config.environment = Environment::Production;
    for (url, allowed) in [
        ("smtps://u:hunter2@relay.example", true),
        ("smtp://u:hunter2@relay.example:587?tls=required", true),
        ("smtp://u:hunter2@relay.example:587", false),
        ("smtp://u:hunter2@relay.example:587?tls=opportunistic", false),
        ("smtp://127.0.0.1:1025", true),
        ("hunter2", false),
    ] {
        config.mail = Some(MailRoute::Smtp(url.into()));
        let made = Mailer::new(&config);
        assert_eq!(made.is_ok(), allowed, "{url}");
        if let Err(refused) = made {
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
    }
}
