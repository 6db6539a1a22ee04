# The server, its page and the command `launchtail`, as a user without rights, on a root that may be read-only.
#
#   docker build -t launchtail .
#   docker run --init --read-only --tmpfs /tmp -v launchtail:/data -p 127.0.0.1:8080:8080 launchtail
#
# BASE may be any Debian or Ubuntu with Node 20.19 or newer and npm.
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
# Alone, so that a change of the sources does not fetch the packages again.
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/
COPY packages/server/package.json packages/server/
COPY packages/dashboard/package.json packages/dashboard/
RUN npm ci --ignore-scripts
COPY . .
# The package as it is published; beside it, of the locked packages, those that it needs at run time.
RUN npm run build \
  && npm pack --workspace launchtail --pack-destination /tmp \
  && npm ci --ignore-scripts --omit=dev --workspace launchtail \
  && find node_modules -maxdepth 2 -type l -delete \
  && mkdir -p /opt/launchtail \
  && tar -xzf /tmp/launchtail-*.tgz -C /opt/launchtail --strip-components=1 --no-same-owner \
  && cp -R node_modules /opt/launchtail/

FROM ${BASE}
LABEL org.opencontainers.image.title="Launchtail" \
  org.opencontainers.image.description="Streams the launch log of GPU nodes as server-sent events, and launches them." \
  org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 launchtail \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin launchtail \
  && mkdir /data && chown 10001:10001 /data \
  && ln -s /opt/launchtail/bin/launchtail.js /usr/local/bin/launchtail
COPY --from=build /opt/launchtail /opt/launchtail
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 LAUNCHTAIL_DATA_DIR=/data
# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["launchtail"]
CMD ["serve"]
