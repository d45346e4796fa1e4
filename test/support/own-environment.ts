/**
 * The variables that the library and the demo read are a test's own affair: what the shell of the person who
 * runs the tests holds must not change a result, and no test may reach a real AI provider.
 */
const read = /^(REDIS_(?!RETRIES)|CACHE_|ENABLE_CACHE_|OPENAI_|BENCHMARK_)/;

for (const name of Object.keys(process.env)) {
  if (read.test(name)) delete process.env[name];
}
