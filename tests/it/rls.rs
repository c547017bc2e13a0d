//! One company never sees, changes or guesses anything of another.

use sqlx::{Connection, PgConnection};

use crate::harness::TestHub;

#[tokio::test]
async fn the_login_alone_reads_nothing() {
    let hub = TestHub::new().await;
    let mut raw = PgConnection::connect_with(&hub.database.login()).await.unwrap();
    for table in ["contact", "company", "app_user", "session", "job", "audit_log"] {
        let sql = format!("select * from {table}");
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut raw).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{table}: {error}");
    }
}
