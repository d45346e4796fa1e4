# Every test in one container, with a Redis program for the tests that stop and start their own, and a Chromium.
FROM node:22-slim

RUN apt-get update \
  && apt-get install -y --no-install-recommends chromium fonts-dejavu-core make openssl procps redis-server \
  && rm -rf /var/lib/apt/lists/*

# Not root: the tests change nothing outside of their folder.
WORKDIR /app
RUN chown node:node /app
USER node

COPY --chown=node:node package.json package-lock.json .npmrc ./
COPY --chown=node:node libs/cache-infra/package.json libs/cache-infra/
COPY --chown=node:node apps/demo/package.json apps/demo/
RUN npm ci --ignore-scripts || npm install --ignore-scripts --no-save

COPY --chown=node:node . .

ENV CI=true
ENV BENCHMARK_ENV=docker

CMD ["make", "test"]
