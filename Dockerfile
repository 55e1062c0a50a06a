# The binary in an image of its own: without a shell, as a user who is not root.
#
#   docker build --tag messenger-db .
#   docker run --rm --env DATABASE_URL messenger-db --wait 60s
#
# A service takes it from there, and puts it before its own program:
#
#   COPY --from=messenger-db /usr/local/bin/messenger-db /usr/local/bin/
#   ENTRYPOINT ["messenger-db", "exec", "--wait", "60", "--"]
#   CMD ["/usr/local/bin/my-service"]

FROM rust:1.95-bookworm AS build
WORKDIR /messenger-db
COPY Cargo.toml Cargo.lock build.rs README.md ./
COPY build build
COPY migrations migrations
COPY src src
# Not built, but Cargo looks whether they are there.
COPY benches benches
COPY tests/main.rs tests/main.rs
# libpq and OpenSSL are built in: the image below has neither.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/messenger-db/target \
    cargo build --release --locked --bin messenger-db \
    && cp target/release/messenger-db /usr/local/bin/messenger-db

# The C library, the certificates of public authorities, and a user 65532; nothing else.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/messenger-db /usr/local/bin/messenger-db
# Where the OpenSSL that is built in finds the certificates, for sslrootcert=system in the database URL.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/messenger-db"]
CMD ["run", "--wait", "60"]
