//! `/{module}/search`: over an index that lags behind.

use serde_json::{Value, json};

use super::{
    super::{
        records::{Module, Record, book::Sort},
        world::{Account, addresses},
    },
    call::{Answer, Call, Refusal, Reply},
    list::asked,
    show,
};

const MOST: u64 = 2_000;

pub(crate) fn search(account: &mut Account, call: &Call, module: Module) -> Answer {
    let (page, per_page) = (call.number("page", 1)?.max(1), call.number("per_page", 200)?);
    if !(1..=200).contains(&per_page) || page * per_page > MOST {
        return Err(Refusal::invalid_param("page"));
    }
    let fields = call.param("fields").map(|_| asked(call)).transpose()?;
    let wanted = |name: &str| call.param(name).map(|text| text.trim().to_lowercase());
    let (email, phone, word) = (wanted("email"), wanted("phone"), wanted("word"));
    if let Some(word) = &word
        && word.chars().count() < 2
    {
        return Err(Refusal::invalid_param("word"));
    }
    if email.is_none() && phone.is_none() && word.is_none() {
        return Err(Refusal::missing_param("criteria"));
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let texts = |record: &Record| {
        let texts =
            record.values.values().filter_map(|value| value.as_str().map(str::to_lowercase));
        texts.chain(record.title(module).map(|title| title.to_lowercase())).collect::<Vec<_>>()
    };
    let is = |record: &Record| {
        email.as_ref().is_none_or(|email| addresses(record).any(|own| own == *email))
            && phone.as_ref().is_none_or(|phone| {
                let phone = digits(phone);
                let own = ["Phone", "Mobile", "Home_Phone", "Other_Phone"];
                own.iter().filter_map(|key| record.text(key)).any(|own| digits(own) == phone)
            })
            && word.as_ref().is_none_or(|word| texts(record).iter().any(|text| text.contains(word)))
    };
    let (skip, take) = (usize::try_from((page - 1) * per_page), usize::try_from(per_page));
    let (skip, take) = (skip.unwrap_or(0), take.unwrap_or(200));
    let lag = account.search_lag;
    let book = account.book(module);
    let mut found: Vec<Record> = account
        .walk(module, Sort::Id, None)
        .map(|(_, record)| record)
        .filter(|record| book.is_settled(record.id, lag) && is(record))
        .skip(skip)
        .take(take + 1)
        .collect();
    let more = found.len() > take;
    found.truncate(take);
    if found.is_empty() {
        return Ok(Reply::nothing());
    }
    let data: Vec<Value> =
        found.iter().map(|one| show::record(account, module, one, fields.as_deref())).collect();
    let info =
        json!({ "per_page": per_page, "count": data.len(), "page": page, "more_records": more });
    Ok(Reply::json(json!({ "data": data, "info": info })))
}
