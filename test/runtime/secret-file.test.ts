import { expect } from 'chai';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadOrCreateSecret } from '../../src/runtime/secret-file.ts';

describe('secret file', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bg-secret-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('is made once, even by two starting at the same moment, and readable by its owner only', async () => {
    const file = path.join(folder, 'pin.key');
    const [one, two] = await Promise.all([loadOrCreateSecret(file), loadOrCreateSecret(file)]);
    expect(one).to.have.length(32);
    expect(two.equals(one)).to.equal(true);
    expect((await loadOrCreateSecret(file)).equals(one)).to.equal(true);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('is refused when it is too short to be a secret', async () => {
    const file = path.join(folder, 'short.key');
    await writeFile(file, 'abc\n');
    const error = await loadOrCreateSecret(file).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(Error).with.property('message').that.includes(file);
  });
});
