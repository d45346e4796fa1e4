# Every test in one container, with a Redis program for the tests that stop and start their own.
FROM node:20-slim

RUN apt-get update \
  && apt-get install -y --no-install-recommends make procps redis-server \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app

COPY package.json package-lock.json .npmrc ./
COPY libs/cache-infra/package.json libs/cache-infra/
COPY apps/demo/package.json apps/demo/
RUN npm ci

COPY . .

ENV CI=true
ENV BENCHMARK_ENV=docker

CMD ["make", "test"]
