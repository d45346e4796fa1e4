import { getBufferString, type BaseMessage } from '@langchain/core/messages';

/** A handler of LangChain's `callbacks`. */
export interface FailureHandler {
  readonly name: string;
  handleChatModelStart(llm: unknown, messages: BaseMessage[][], runId: string): void;
  handleLLMStart(llm: unknown, prompts: string[], runId: string): void;
  handleLLMEnd(output: unknown, runId: string): void;
  handleLLMError(error: unknown, runId: string): void;
}

/** A handler that names the prompts of the model calls that fail. */
export function failureHandler(failed: (prompt: string) => void): FailureHandler {
  const prompts = new Map<string, string>();
  return {
    name: 'nestjs-cache-infra',
    handleChatModelStart(_llm, [messages = []], runId) {
      prompts.set(runId, getBufferString(messages));
    },
    handleLLMStart(_llm, [prompt = ''], runId) {
      prompts.set(runId, prompt);
    },
    handleLLMEnd(_output, runId) {
      prompts.delete(runId);
    },
    handleLLMError(_error, runId) {
      const prompt = prompts.get(runId);
      prompts.delete(runId);
      if (prompt !== undefined) failed(prompt);
    },
  };
}
