import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { adminUrl } from '../support/database.ts';
import { daemonProcess } from '../support/daemon-process.ts';
import { faultyLink, throughLink, type FaultyLink } from '../support/faulty-link.ts';
import { smscYaml } from '../support/peers.ts';

/** Wrong configuration ends with 2 before anything is opened (ARCHITECTURE, Config). */
describe('a daemon with a mistake in its configuration', function () {
  this.timeout(60_000);
  let database: FaultyLink;
  let smsc: FaultyLink;

  before(async () => {
    database = await faultyLink({ port: Number(new URL(adminUrl()).port || 5432) });
    smsc = await faultyLink({ port: 9 });
  });
  after(async () => {
    await database.close();
    await smsc.close();
  });

  /** `wrong` follows a correct section `smpp`; what is said about it must begin as `expected`. */
  async function refused(
    wrong: (home: string) => Promise<string>,
    expected: (file: string) => string,
  ): Promise<void> {
    const setup = { databaseUrl: throughLink(adminUrl(), database), yaml: '' };
    const daemon = await daemonProcess(setup);
    const smpp = ['smpp:', '  smscs:', smscYaml('main', smsc.port, '{ name: sms }')].join('\n');
    await daemon.configure([smpp, await wrong(daemon.home)].join('\n'));
    // A listener that it tried to open anyway would find its port taken and end it with 1.
    const taken = await Promise.all(Object.values(daemon.ports).map(occupy));
    const before = await readdir(daemon.home);
    try {
      expect(await daemon.run(), daemon.log()).to.equal(2);
      const told = daemon.log();
      expect(told.slice(0, expected(daemon.configFile).length)).to.equal(expected(daemon.configFile));
      expect(told, 'mistakes only, no stack').to.not.match(/^ +at /m);
      expect({ database: database.opened, smsc: smsc.opened }).to.deep.equal({ database: 0, smsc: 0 });
      expect(await readdir(daemon.home), 'files made').to.deep.equal(before);
    } finally {
      for (const server of taken) server.close();
      await daemon.dispose();
    }
  }

  it('says file, line, column and key of a key that does not exist', () =>
    refused(
      () => Promise.resolve('storage: { conectionsMax: 4 }'),
      (file) => `${file}:8:12: storage.conectionsMax: unknown key; did you mean "connectionsMax"?`,
    ));

  it('says the same of a secret that is not there', () =>
    refused(
      () => Promise.resolve("subscribers: { secret: '${NO_SUCH_SECRET}' }"),
      (file) => `${file}:8:24: subscribers.secret: `,
    ));

  for (const [what, section, key, content, expected] of [
    ['menu', 'ussd', 'menu', "codes: { '*100#': nowhere }\nscreens: {}\n", ':1:'],
    ['price list', 'catalogue', 'priceList', 'items: []\n', ':1:8: items: '],
  ] as const) {
    it(`says the same of a mistake in the ${what} it names`, async () => {
      let file = '';
      await refused(
        async (home) => {
          file = path.join(home, 'other.yaml');
          await writeFile(file, content);
          return `${section}: { ${key}: ${file} }`;
        },
        () => `${file}${expected}`,
      );
    });
  }
});

async function occupy(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
