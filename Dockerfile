# The demo. `docker compose up --build` starts it with a Redis.
FROM node:22-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY libs/cache-infra/package.json libs/cache-infra/
COPY apps/demo/package.json apps/demo/

FROM manifests AS build
# A registry that lacks a platform's optional package fails `npm ci` and not `npm install`.
RUN npm ci --ignore-scripts || npm install --ignore-scripts --no-save
COPY scripts/ scripts/
COPY tsconfig.base.json tsconfig.json ./
COPY libs/ libs/
COPY apps/ apps/
RUN npm run build

FROM manifests AS modules
RUN npm ci --ignore-scripts --omit=dev || npm install --ignore-scripts --no-save --omit=dev

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app/apps/demo
COPY --from=modules /app/node_modules /app/node_modules
COPY --from=build /app/libs/cache-infra/package.json /app/libs/cache-infra/
COPY --from=build /app/libs/cache-infra/dist /app/libs/cache-infra/dist
COPY --from=build /app/apps/demo/package.json ./
COPY --from=build /app/apps/demo/dist dist
COPY --from=build /app/apps/demo/data data
COPY --from=build /app/apps/demo/public public
# The files belong to root: the process can change none of them.
USER node
EXPOSE 3000
# The caches go on without Redis, and /health says so: only an application that does not answer is unhealthy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then(() => process.exit(0), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
