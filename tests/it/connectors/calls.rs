//! What is asked, and what comes of it when all is well.

use tandem::{
    connectors::{Cursor, From},
    domain::RemoteId,
};

use super::{
    canned::{json, persons},
    rig::{Rig, TOKEN, connector},
};

#[tokio::test]
async fn a_full_read_goes_by_id_in_the_largest_pages() {
    let rig = Rig::of(vec![persons(&[1, 2])]).await;
    assert_eq!(rig.persons().await.unwrap(), ["1", "2"]);
    let asked = &rig.server.asked()[0];
    assert_eq!(
        asked.line,
        "GET /api/v2/persons?limit=500&sort_by=id&sort_direction=asc\
         &include_fields=open_deals_count%2Cclosed_deals_count HTTP/1.1",
    );
    assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {TOKEN}_1")));
    assert_eq!(asked.header("accept"), Some("application/json"));
    let spent = rig.meter.read();
    assert_eq!((spent.requests, spent.tokens, spent.throttled), (1, 10, 0));
}

#[tokio::test]
async fn a_delta_goes_by_change_time_in_whole_seconds() {
    let from = From {
        cursor: Cursor::parse("eyJ+/="),
        updated_since: Some("2026-03-04T05:06:07.8Z".parse().unwrap()),
        limit: Some(9999),
    };
    let rig = Rig::of(vec![persons(&[]), persons(&[]), persons(&[])]).await;
    connector().persons(&rig.api, &from).await.unwrap();
    connector().organizations(&rig.api, &from).await.unwrap();
    connector().deals(&rig.api, &from).await.unwrap();
    let query = "limit=500&sort_by=update_time&sort_direction=asc\
                 &updated_since=2026-03-04T05%3A06%3A07Z&cursor=eyJ%2B%2F%3D";
    let lines: Vec<_> = rig.server.asked().into_iter().map(|asked| asked.line).collect();
    let counts = "&include_fields=open_deals_count%2Cclosed_deals_count";
    assert_eq!(
        lines,
        [
            format!("GET /api/v2/persons?{query}{counts} HTTP/1.1"),
            format!("GET /api/v2/organizations?{query} HTTP/1.1"),
            format!("GET /api/v2/deals?{query} HTTP/1.1"),
        ],
    );
}

#[tokio::test]
async fn many_ids_are_asked_for_by_the_hundred() {
    let rig = Rig::of(vec![persons(&[1]), persons(&[101]), persons(&[201])]).await;
    let ids: Vec<_> = (1..=250).map(|id: u32| RemoteId(id.to_string())).collect();
    let page = connector().persons_by_id(&rig.api, &ids).await.unwrap();
    assert_eq!(page.items.len(), 3);
    assert_eq!(rig.requests(), 3);
    assert!(rig.server.asked()[2].line.contains("ids=201%2C202"));

    let none = connector().persons_by_id(&rig.api, &[]).await.unwrap();
    assert_eq!((none.items.len(), rig.requests()), (0, 3));
}

#[tokio::test]
async fn a_search_brings_whole_records_in_the_order_of_the_hits() {
    let hits = r#"{"success":true,"data":{"items":[
        {"result_score":0.9,"item":{"id":7,"type":"person","emails":["jane@x"]}},
        {"result_score":0.5,"item":{"id":3}},
        {"result_score":0.4,"item":{"id":9}}]},
        "additional_data":{"next_cursor":"more"}}"#;
    let rig = Rig::of(vec![json(200, &[], hits), persons(&[3, 7])]).await;
    let page = connector().search_persons(&rig.api, " jane&x=1 ", None).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(ids, ["7", "3"]);
    assert_eq!(page.next, Cursor::parse("more"));
    let asked = rig.server.asked();
    assert!(asked[0].line.starts_with("GET /api/v2/persons/search?term=jane%26x%3D1&limit=100&"));
    assert!(asked[1].line.contains("ids=7%2C3%2C9"));
    assert_eq!(rig.meter.read().tokens, 30);
}

#[tokio::test]
async fn searching_for_nothing_asks_nothing() {
    let rig = Rig::of(vec![]).await;
    let page = connector().search_persons(&rig.api, "  ", None).await.unwrap();
    assert_eq!((page.items.len(), rig.requests()), (0, 0));
}

#[tokio::test]
async fn fields_are_read_to_the_last_page() {
    let page = |code: &str, next: &str| {
        let body = format!(
            r#"{{"success":true,"data":[{{"field_code":"{code}","field_name":"N","is_custom_field":true}}],
                "additional_data":{{"next_cursor":{next}}}}}"#
        );
        json(200, &[], &body)
    };
    let rig = Rig::of(vec![page("a", "\"two\""), page("b", "null")]).await;
    let fields = connector().fields(&rig.api).await.unwrap();
    assert_eq!(fields.custom.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert!(rig.server.asked()[1].line.contains("cursor=two"));
}

#[tokio::test]
async fn a_list_of_fields_that_goes_in_circles_ends() {
    let body = r#"{"success":true,"data":[],"additional_data":{"next_cursor":"again"}}"#;
    let rig = Rig::of((0..30).map(|_| json(200, &[], body)).collect()).await;
    assert!(connector().fields(&rig.api).await.is_err());
    assert_eq!(rig.requests(), 20);
}
