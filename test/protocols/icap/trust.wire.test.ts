import { expect } from 'chai';
import { exchange, reqmod, startTestServer } from './icap-client.ts';

describe('An ICAP client that is not trusted', () => {
  it('is served, but its identity headers are not believed', async () => {
    const target = await startTestServer({ trustedClients: ['10.0.0.0/8'] });
    expect(await exchange(target.port, [reqmod({ icap: ['X-Client-IP: 10.0.0.1'] })])).to.match(
      /^ICAP\/1\.0 204/,
    );
    expect(target.asked[0]).to.deep.include({ host: 'other.example', identity: undefined });
    await target.close();
  });
});
