// One point of the simulation in a process of its own: the plan comes as an argument, the result goes to the parent.
import { simulate } from './fleet.mjs';

const result = await simulate(JSON.parse(process.argv[2]));
process.send(result, () => process.exit(0));
