import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';

const ALERTS = 'conf/observability/alerts.yaml';
const DASHBOARD = 'conf/observability/dashboard.json';
/** Written by the client library itself (prom-client's default metrics). */
const LIBRARY = /^bonusgate_(nodejs|process)_/;

describe('alert rules and dashboard', () => {
  it('name only metrics that the sources define', async () => {
    const defined = new Set<string>();
    for (const folder of ['src', 'protocols']) {
      for (const file of await readdir(folder, { recursive: true })) {
        if (!file.endsWith('.ts')) continue;
        const text = await readFile(path.join(folder, file), 'utf8');
        for (const [, name] of text.matchAll(/'(bonusgate_[a-z0-9_]+)'/g)) defined.add(name!);
      }
    }
    for (const file of [ALERTS, DASHBOARD]) {
      const text = await readFile(file, 'utf8');
      const used = [...text.matchAll(/bonusgate_[a-z0-9_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
      const unknown = used.filter((name) => !defined.has(name) && !LIBRARY.test(name));
      expect(unknown, file).to.deep.equal([]);
    }
  });

  it('are accepted by promtool', function () {
    const { status, error, stderr, stdout } = spawnSync('promtool', ['check', 'rules', ALERTS], {
      encoding: 'utf8',
    });
    if (error !== undefined) return this.skip();
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/SUCCESS: \d+ rules found/);
  });
});
