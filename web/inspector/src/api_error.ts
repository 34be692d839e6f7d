// Why a request to pluvd came to nothing, with a sentence for people.

export type ApiErrorKind =
  | "unreachable" // no answer at all
  | "unauthorized"
  | "forbidden"
  | "missing"
  | "unavailable" // it answers that it cannot now
  | "refused"; // anything else: message says what

const kinds: Record<number, ApiErrorKind> = {
  401: "unauthorized",
  403: "forbidden",
  404: "missing",
  429: "unavailable",
  502: "unreachable", // a proxy before pluvd that finds nobody behind it
  503: "unavailable",
  504: "unreachable",
};

const sentences: Record<ApiErrorKind, string> = {
  unreachable: "pluvd does not answer.",
  unauthorized: "The admin token is missing or not the right one.",
  forbidden: "pluvd refuses this request.",
  missing: "There is nothing here.",
  unavailable: "pluvd cannot answer right now.",
  refused: "pluvd could not do this.",
};

export class ApiError extends Error {
  readonly kind: ApiErrorKind;

  constructor(kind: ApiErrorKind, sentence?: string) {
    super(sentence || sentences[kind]);
    this.name = "ApiError";
    this.kind = kind;
  }

  static ofStatus(status: number, sentence?: string): ApiError {
    return new ApiError(
      kinds[status] ?? "refused",
      sentence ?? (kinds[status] ? undefined : `pluvd answered with status ${status}.`),
    );
  }
}

export function asApiError(caught: unknown): ApiError {
  if (caught instanceof ApiError) return caught;
  return new ApiError("refused", caught instanceof Error ? caught.message : undefined);
}
