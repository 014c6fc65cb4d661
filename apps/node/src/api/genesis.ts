import type { GenesisAnswer } from '@varve/client';
import { toHex } from '@varve/encoding';
import { encodeGenesis } from '@varve/ledger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { genesisDocument } from '../setup/genesis-document.ts';
import type { ApiContext } from './context.ts';
import { genesisSchema } from './schemas-node.ts';

/** The document that the chain starts from. Whoever takes it from here must still compare the chain id with his own. */
export function genesisRoutes(app: FastifyInstance, { service }: ApiContext): void {
  app.get(
    '/v1/genesis',
    {
      schema: {
        tags: ['node'],
        summary: 'The genesis document; that it is the right one is not proven by a node that serves it',
        description: 'With Accept: application/cbor its canonical bytes, whose SHA-256 is the chain id.',
        response: { 200: genesisSchema },
      },
    },
    (request: FastifyRequest, reply): FastifyReply => {
      const { genesis, chainId } = service.ledger;
      const bytes = encodeGenesis(genesis);
      if (request.headers.accept?.includes('application/cbor')) {
        return reply.type('application/cbor').send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      }
      const answer: GenesisAnswer = { chainId, document: genesisDocument(genesis), genesis: toHex(bytes) };
      return reply.send(answer);
    },
  );
}
