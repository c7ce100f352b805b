# The mail office in a container: not as root, with nothing in it that only building needs. docs/install.md tells how to
# run it; contrib/docker/poplar.toml is the configuration it brings.

FROM node:22-bookworm AS build
WORKDIR /opt/poplar
# better-sqlite3 is compiled here; the layer is kept until the dependencies change.
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
COPY scripts ./scripts
RUN npm run build \
 && chmod 755 dist/bin/poplar.js \
 && npm prune --omit=dev --no-audit --no-fund

FROM node:22-bookworm-slim
RUN groupadd --system --gid 990 poplar \
 && useradd --system --uid 990 --gid poplar --home-dir /var/lib/poplar --shell /usr/sbin/nologin poplar \
 && install -d -o poplar -g poplar -m 0700 /var/lib/poplar /run/poplar \
 && ln -s /opt/poplar/dist/bin/poplar.js /usr/local/bin/poplar
COPY --from=build /opt/poplar/package.json /opt/poplar/package.json
COPY --from=build /opt/poplar/node_modules /opt/poplar/node_modules
COPY --from=build /opt/poplar/dist /opt/poplar/dist
COPY contrib/docker/poplar.toml /etc/poplar/poplar.toml
ENV NODE_ENV=production
# Commands find the configuration here without being told: docker exec office poplar user add ann
WORKDIR /etc/poplar
USER poplar
VOLUME /var/lib/poplar
EXPOSE 1024 1025 1110 1995
# Sessions get 10 seconds to end, so give `docker stop` a little more.
STOPSIGNAL SIGTERM
# Asks the running server over its control socket.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD poplar sessions --json >/dev/null || exit 1
ENTRYPOINT ["poplar"]
CMD ["serve", "--json", "--config", "/etc/poplar/poplar.toml"]
