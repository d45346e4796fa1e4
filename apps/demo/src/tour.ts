import { AnalysisTour } from './tour/analyses.js';
import { tourBadRequests } from './tour/bad-requests.js';
import { tourCatalogue } from './tour/catalogue.js';
import { tourChat } from './tour/chat.js';
import { DemoClient } from './tour/http.js';
import { tourHealth, tourSavings } from './tour/operations.js';
import { Report } from './tour/report.js';
import { countWords, readText } from './tour/texts.js';

// A tour of the running demo, over HTTP. Exits with status 1 when a step fails.

const demo = new DemoClient(process.env['DEMO_URL'] ?? 'http://127.0.0.1:3000');
const report = new Report((line) => console.log(line));
const analyses = new AnalysisTour(demo, report);
const constitution = await readText('constitution');
const declaration = await readText('declaration-of-independence');

if (!(await demo.isThere())) {
  console.error(`No demo answers at ${demo.url}. Start it with "npm start -w demo", or set DEMO_URL.`);
  process.exit(1);
}
report.line(`A tour of ${demo.url}`);
await report.part('Health', () => tourHealth(demo, report));
await report.part(
  `Text analysis: the Constitution of the United States, ${countWords(constitution)} words`,
  () => analyses.coldAndWarm(constitution),
);
await report.part(
  `What the key is made of: the Declaration of Independence, ${countWords(declaration)} words`,
  () => analyses.keys(declaration),
);
await report.part('Chat: an answer is streamed once, then replayed', () => tourChat(demo, report));
await report.part('The catalogue: decorators on a service whose every query takes 150 ms', () =>
  tourCatalogue(demo, report),
);
await report.part('What a bad request gets', () => tourBadRequests(demo, report));
await report.part('What was saved since the demo was started', () => tourSavings(demo, report));

const failed = report.failures.length;
await report.part('The end', () => {
  report.line(
    failed === 0
      ? `All steps passed. Documentation: ${new URL('/docs', demo.url).href}`
      : `${failed} steps failed.`,
  );
});
process.exitCode = failed === 0 ? 0 : 1;
