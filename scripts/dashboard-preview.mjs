// Serves the page of the dashboard with made-up caches: `node scripts/dashboard-preview.mjs`, on PORT or 4010. Each
// scene has an address, for example /away/. The page is built anew when it is loaded.
import { startPreview } from './lib/preview/server.mjs';

const { url } = await startPreview(Number(process.env.PORT ?? 4010));
console.log(`The page of the dashboard: ${url}`);
