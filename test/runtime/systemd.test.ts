import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';

const UNIT = 'systemd/bonusgate.service';

describe('systemd unit', () => {
  it('exposes at most 1.5 of 10 by the reckoning of systemd', function () {
    const args = ['security', '--offline=true', '--threshold=15', '--no-pager', UNIT];
    const { status, error, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    // Only Linux with systemd 250 or newer has the tool.
    if (error !== undefined) return this.skip();
    expect(status, stdout.split('\n').slice(-3).join('\n')).to.equal(0);
  });

  it('does not start again after a mistake in the configuration', async () => {
    const unit = await readFile(UNIT, 'utf8');
    expect(unit).to.match(/^RestartPreventExitStatus=2$/m);
    expect(unit).to.match(/^Type=notify$/m);
    expect(unit).to.match(/^NotifyAccess=all$/m);
  });
});
