# One static program on nothing but root certificates and a user that is nobody.
#
#   docker build -t deputy .

FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base cmake perl
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p deputy --bin deputy && cp target/release/deputy /deputy

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /deputy /usr/local/bin/deputy
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/deputy"]
CMD ["controller"]
