// Makes one call of every kind through the gateway that the preload set, and prints what came back
// as one JSON object: name of the call to its result, or to its error.
import * as ai from 'ai';
import fs from 'node:fs';

const origin = process.env.SAFELIGHT_URL;
const gateway = globalThis.AI_SDK_DEFAULT_PROVIDER;
const createGateway = ai.createGateway ?? (await import('@ai-sdk/gateway')).createGateway;
const version = { v2: 'v1', v3: 'v3', v4: 'v4' }[gateway('a/b').specificationVersion];
const generateImage = ai.generateImage ?? ai.experimental_generateImage;
const red = fs.existsSync('red.png') ? fs.readFileSync('red.png') : undefined;
const mask = fs.existsSync('mask.png') ? fs.readFileSync('mask.png') : undefined;
const talker = 'openai/gpt-4.1-nano';
const drawer = 'google/gemini-2.5-flash-image';
const weather = ai.tool({
  description: 'The weather of a city',
  inputSchema: ai.jsonSchema({
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  }),
  execute: async ({ city }) => ({ city, sky: 'clear' }),
});

function gatewayWith(headers, apiKey = 'safelight') {
  return createGateway({ baseURL: `${origin}/vercel/${version}/ai`, apiKey, headers });
}

function told(result) {
  return {
    text: result.text,
    finishReason: result.finishReason,
    usage: result.usage,
    warnings: result.warnings,
    generationId: result.providerMetadata?.gateway?.generationId,
  };
}

function painted(result) {
  return {
    images: result.images.map(image => [image.mediaType, image.base64]),
    warnings: result.warnings,
    metadata: result.providerMetadata,
    usage: result.usage,
  };
}

async function streamed(options) {
  const result = ai.streamText({ onError() {}, ...options });
  const kinds = [];
  for await (const part of result.fullStream) {
    kinds.push(part.type);
    if (part.type === 'error') throw part.error;
  }
  return {
    kinds,
    text: await result.text,
    finishReason: await result.finishReason,
    usage: await result.usage,
    warnings: await result.warnings,
    files: (await result.files).map(file => [file.mediaType, file.base64]),
  };
}

const faulty = fault => () =>
  ai.generateText({
    model: gatewayWith({ 'x-safelight-fault': fault })(talker),
    prompt: 'Hi',
    maxRetries: 0,
  });

const calls = {
  text: async () => told(await ai.generateText({ model: talker, prompt: 'Say hello' })),
  stream: () => streamed({ model: talker, prompt: 'Say hello' }),
  draw: () => streamed({ model: drawer, prompt: 'Draw two versions of a fox' }),
  see: async () =>
    told(
      await ai.generateText({
        model: talker,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'file', data: red, mediaType: 'image/png' },
            ],
          },
        ],
      }),
    ),
  seeLink: async () =>
    told(
      await ai.generateText({
        model: talker,
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', image: new URL('https://example.com/fox.png') }],
          },
        ],
      }),
    ),
  warn: async () => told(await ai.generateText({ model: talker, prompt: 'Hi', topK: 3 })),
  tool: async () => {
    const result = await ai.generateText({
      model: talker,
      prompt: 'What is the weather in Paris?',
      tools: { weather },
      stopWhen: ai.stepCountIs(3),
    });
    const [first] = result.steps;
    return {
      ...told(result),
      steps: result.steps.length,
      input: first.toolCalls[0]?.input,
      first: first.finishReason,
    };
  },
  toolStream: () =>
    streamed({ model: talker, prompt: 'What is the weather in Paris?', tools: { weather } }),
  object: async () => {
    const schema = ai.jsonSchema({
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    });
    const { object } = await ai.generateObject({ model: talker, schema, prompt: 'A person' });
    return object;
  },
  image: async () =>
    painted(
      await generateImage({
        model: gateway.imageModel('bfl/flux-2-pro'),
        prompt: 'A lighthouse',
        n: 2,
        size: '512x768',
        seed: 7,
        providerOptions: { blackForestLabs: { outputFormat: 'jpeg' } },
      }),
    ),
  ratio: async () =>
    painted(
      await generateImage({
        model: gateway.imageModel('google/imagen-4.0-generate-001'),
        prompt: 'A lighthouse',
        aspectRatio: '16:9',
      }),
    ),
  imageWarning: async () =>
    painted(
      await generateImage({
        model: gateway.imageModel('spacexai/grok-imagine-image'),
        prompt: 'A lighthouse',
        size: '512x768',
      }),
    ),
  edit: async () =>
    painted(
      await generateImage({
        model: gateway.imageModel('openai/gpt-image-2'),
        prompt: { text: 'A boat', images: [red], mask },
        size: '1024x1024',
        maxRetries: 0,
      }),
    ),
  embed: () =>
    ai.embedMany({
      model: (gateway.embeddingModel ?? gateway.textEmbeddingModel)('openai/text-embedding-3-small'),
      values: ['a fox', 'a boat'],
    }),
  models: () => gateway.getAvailableModels(),
  credits: () => gateway.getCredits(),
  generation: async () => {
    const { providerMetadata } = await ai.generateText({ model: talker, prompt: 'Say hello' });
    return gateway.getGenerationInfo({ id: providerMetadata.gateway.generationId });
  },
  report: () => gateway.getSpendReport({ startDate: '2026-11-01', endDate: '2026-12-01' }),
  unknownModel: () => ai.generateText({ model: 'no/such', prompt: 'Hi', maxRetries: 0 }),
  unknownModelStream: () => streamed({ model: 'no/such', prompt: 'Hi', maxRetries: 0 }),
  badKey: () =>
    gatewayWith({}, 'sk-invalid')(talker).doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    }),
  invalid: () => ai.generateText({ model: 'bfl/flux-2-pro', prompt: 'Hi', maxRetries: 0 }),
  rateLimited: faulty('rate_limited'),
  noFunds: faulty('quota_exceeded'),
  forbidden: faulty('permission_denied'),
  serverError: faulty('server_error'),
  html: faulty('bad_gateway'),
};

const results = {};
for (const name of process.env.CALLS?.split(' ') ?? Object.keys(calls)) {
  try {
    results[name] = await calls[name]();
  } catch (error) {
    const { name: kind, message, statusCode, type, modelId, isRetryable } = error;
    results[name] = { error: { kind, message, statusCode, type, modelId, isRetryable } };
  }
}
console.log(JSON.stringify(results));
