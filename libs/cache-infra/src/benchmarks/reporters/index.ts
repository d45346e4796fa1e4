export { ciAnnotations } from './ci.js';
export { htmlReport, type HtmlReportOptions } from './html.js';
export { jsonReport } from './json.js';
export { markdownReport } from './markdown.js';
export { textReport } from './text.js';
