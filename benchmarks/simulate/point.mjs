// Simulates one point in a separate process: takes the plan as an argument, sends the result to the parent.
import { simulate } from './fleet.mjs';

const result = await simulate(JSON.parse(process.argv[2]));
process.send(result, () => process.exit(0));
