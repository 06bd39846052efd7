import { expect } from 'chai';
import type { Route } from '../../../src/channels/api/route.ts';
import { apiRoutes } from '../../../src/channels/api/routes.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { createPool, POSTGRES_DEFAULTS, type PostgresPool } from '../../../src/storage/postgres.ts';
import { earningApi } from '../../support/earning-api.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';
import { noAwards, noBrakes, noClearing, noPartners } from '../../support/partners.ts';
import { subscribersOf } from '../../support/subscribers.ts';
import { catalogueDouble } from '../../support/catalogue.ts';

/** What the tests look at. */
interface OpenapiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly security: unknown;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Content {
  readonly content: Readonly<Record<string, { readonly example?: unknown }>>;
}

describe('OpenAPI document of the API', () => {
  const clock = manualClock();
  let pool: PostgresPool;
  let routes: Route[];
  let http: TestHttp;
  let document: OpenapiDocument;

  before(async () => {
    // Never connected to: the document needs no database.
    pool = createPool({ ...POSTGRES_DEFAULTS, url: 'postgres://127.0.0.1:1/none' }, () => undefined);
    const never = () => Promise.reject(new Error('not called'));
    routes = apiRoutes({
      ...earningApi,
      clock,
      subscribers: subscribersOf(pool, clock),
      recordEvents: never,
      ...catalogueDouble(),
      ledger: { balance: never, history: never, adjust: never, extendExpiry: never },
      partners: noPartners,
      clearing: noClearing,
      awards: noAwards,
      brakes: noBrakes,
      reports: { programme: never },
    });
    http = await startTestHttp({ routes, clock, config: { publicBaseUrl: 'https://bonus.example.com' } });
    document = JSON.parse((await http.call('GET', '/openapi.json', { token: null })).text) as OpenapiDocument;
  });
  after(async () => {
    await http.server.close();
    await pool.end();
  });

  const braced = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

  it('lists every route, and nothing else', () => {
    const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(document).to.deep.include({ openapi: '3.1.0', servers: [{ url: 'https://bonus.example.com' }] });
    expect(listed.sort()).to.deep.equal(routes.map(({ method, path }) => `${method} ${braced(path)}`).sort());
  });

  it('shows scope, key, errors and examples that work of each route', () => {
    for (const route of routes) {
      const operation = document.paths[braced(route.path)]![route.method.toLowerCase()]!;
      const example = route.example!;
      expect(operation.security).to.deep.equal([{ token: [route.scope] }]);
      expect(operation.responses).to.have.all.keys('200', '4XX', '503');
      expect(operation.responses['4XX']!.content).to.have.property('application/problem+json');
      expect(operation.responses['200']!.content['application/json']!.example).to.deep.equal(example.answer);
      expect(route.answer.safeParse(example.answer).success, route.path).to.equal(true);
      if (route.body !== undefined) {
        expect(operation.requestBody!.content['application/json']!.example).to.deep.equal(example.body);
        expect(route.body.safeParse(example.body).success, route.path).to.equal(true);
      }
      if (route.params !== undefined) expect(route.params.safeParse(example.params).success).to.equal(true);
      if (route.query !== undefined)
        expect(route.query.safeParse(example.query ?? {}).success).to.equal(true);
      const header = operation.parameters?.find((parameter) => parameter.in === 'header');
      expect(header?.name).to.equal(route.idempotent === true ? 'idempotency-key' : undefined);
    }
  });

  it('has unique operation ids and no references that could break', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).to.equal(ids.length);
    expect(JSON.stringify(document)).to.not.include('"$ref"');
  });
});
