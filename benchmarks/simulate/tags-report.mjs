import { figure, table } from '../lib/markdown.mjs';

/**
 * Reports the cost of tags for a fleet: computed by rule from costs measured in this run, and validated with eight
 * processes. While the invalidation channel is open, instances send no queries: an invalidation is one script and two
 * messages to each instance.
 */
export function tagTables(report) {
  return [
    'An invalidation of tags is one script in Redis, and tells every instance that listens which tags, from which epoch on: a message, and an invalidation of the table’s key. Instances ask nothing after it. The rates are those of the whole fleet.',
    fleetTable(report),
    'In brackets: if each instance asked Redis once after each invalidation, as it does where the Redis user may not publish.',
    startText(report),
    costTable(report),
    'Eight processes as below, with one of 1,000 tags on each entry:',
    checkTable(report),
  ].join('\n\n');
}

function fleetTable({ setting, costs: { tags } }) {
  const rows = setting.instances.flatMap((instances) =>
    setting.tagInvalidationsPerSecond.map((rate) => {
      const told = rate * (tags.invalidation + instances * tags.message);
      const asked = rate * (tags.invalidation + instances * tags.question);
      return [
        figure(instances),
        figure(rate),
        figure(rate),
        figure(rate * instances),
        '0',
        `${figure(told)} (${figure(asked)})`,
      ];
    }),
  );
  return table(
    [
      'instances',
      'invalidations/s',
      'told to one instance/s',
      'told to the fleet/s',
      'questions of the fleet/s',
      'utilization of one Redis',
    ],
    rows,
  );
}

function startText({ setting, costs: { tags } }) {
  const largest = Math.max(...setting.instances);
  return `An instance that starts asks for the table once, in ${figure(tags.fullTableScripts)} scripts when it is full (10,000 tags): ${figure(tags.fullTable * 1000)} ms of Redis, whatever the number of its reads. ${figure(largest)} instances that start at once take ${figure(tags.fullTable * largest)} s of Redis together.`;
}

function costTable({ costs: { tags } }) {
  const micros = (seconds) => (seconds * 1e6).toFixed(1);
  return table(
    ['what', 'µs'],
    [
      ['`invalidateTags` that nobody hears', micros(tags.invalidation)],
      ['one invalidation told to one instance', micros(tags.message)],
      ['a question that learns nothing new', micros(tags.question)],
    ],
  );
}

function checkTable({ realTags, check }) {
  const { invalidations, sets, loads, tagMessages, tagScripts } = realTags;
  // A set of a tagged entry queries once, concurrent sets together. A load does not query.
  const direct = Math.max(0, sets - loads);
  return table(
    ['a second', 'by rule', 'counted'],
    [
      ['invalidations', figure(check.tags.invalidationsPerSecond), figure(invalidations)],
      ['told to the fleet', figure(invalidations * check.instances), figure(tagMessages)],
      [
        'scripts for tags: one an invalidation, one a `set`',
        figure(invalidations + direct),
        figure(tagScripts),
      ],
    ],
  );
}
