//! Recognises connection strings that are written for another library, or were copied with something around them.

/// Parameters that PostgreSQL's own library does not know, and others write into a URL.
const PARAMETERS: [&str; 20] = [
    // Prisma
    "schema",
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
    "socket_timeout",
    "statement_cache_size",
    "sslaccept",
    "sslidentity",
    // JDBC
    "currentSchema",
    "prepareThreshold",
    "sslfactory",
    "stringtype",
    "ApplicationName",
    "reWriteBatchedInserts",
    // asyncpg, SQLAlchemy, Doctrine, node-postgres, Npgsql
    "prepared_statement_cache_size",
    "charset",
    "serverVersion",
    "uselibpqcompat",
    "pool_max_conns",
    "Pooling",
];

/// Schemes of what is no PostgreSQL.
const OTHERS: [&str; 12] = [
    "mysql",
    "mysqlx",
    "mariadb",
    "sqlite",
    "file",
    "sqlserver",
    "mssql",
    "mongodb",
    "mongodb+srv",
    "redis",
    "http",
    "https",
];

/// What is wrong with a connection string, without a quotation from it that may be secret.
pub(super) fn reason(text: &str) -> Option<String> {
    if text.starts_with(['"', '\'', '`', '“', '‘']) {
        return Some(
            "it begins with a quote, which belongs to a shell or to .env and not to the URL (`docker --env-file` keeps \
             quotes)"
                .to_owned(),
        );
    }
    if text.starts_with("jdbc:") {
        return Some(
            "jdbc: is for Java; begin with postgresql://, and put user and password before the host".to_owned(),
        );
    }
    for (beginning, what) in [("psql ", "the name of a program"), ("DATABASE_URL=", "the name of the variable")] {
        if text.starts_with(beginning) {
            return Some(format!("it begins with {what}; begin with postgresql://"));
        }
    }
    let (scheme, rest) = text.split_once("://")?;
    if scheme.starts_with("postgres") && scheme.contains('+') {
        return Some("what follows the + before :// is for another library; begin with postgresql://".to_owned());
    }
    if let Some(database) = OTHERS.iter().find(|other| scheme.eq_ignore_ascii_case(other)) {
        return Some(format!("{database}:// is for something else; begin with postgresql://"));
    }
    if !scheme.starts_with("postgres") {
        return None;
    }
    if rest.contains(char::is_control) {
        return Some("it has a line break or another control character in it".to_owned());
    }
    // A password with a ? in it may be the beginning of what looks like parameters; of those only known names are told.
    let (_, query) = rest.split_once('?')?;
    let names = query.split('&').filter_map(|parameter| parameter.split('=').next());
    let known = names.filter_map(|name| PARAMETERS.iter().find(|known| **known == name)).copied();
    let known: Vec<_> = known.collect();
    let advice = if known.iter().any(|name| ["schema", "currentSchema"].contains(name)) {
        "; options=-csearch_path%3DNAME names a schema"
    } else {
        ""
    };
    (!known.is_empty())
        .then(|| format!("it has parameters of another library, to be taken out of it: {}{advice}", known.join(", ")))
}
