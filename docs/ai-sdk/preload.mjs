// Sends the plain-string models of the AI SDK (model: 'google/gemini-2.5-flash-image-preview') to
// Safelight. The SDK has no environment variable for its gateway's address, so a module that is
// loaded before yours sets the default provider:
//
//     node --import ./preload.mjs your-script.js
//
// SAFELIGHT_URL is where `safelight serve` listens, http://127.0.0.1:4010 unless it is set.
import * as ai from 'ai';

// ai 5.0.36 and its neighbours do not hand createGateway on.
const createGateway = ai.createGateway ?? (await import('@ai-sdk/gateway')).createGateway;

// Each generation of the SDK speaks its own version of the protocol, and the path says which.
const versions = { v2: 'v1', v3: 'v3', v4: 'v4' };
const version = versions[createGateway({ apiKey: 'none' })('any/model').specificationVersion];
const origin = process.env.SAFELIGHT_URL ?? 'http://127.0.0.1:4010';

globalThis.AI_SDK_DEFAULT_PROVIDER = createGateway({
  baseURL: `${origin}/vercel/${version}/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? 'safelight',
});
