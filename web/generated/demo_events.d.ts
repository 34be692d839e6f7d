export interface User {
  id: string;
  name: string;
}

export interface SendMessage {
  message: string;
}

export interface ReceiveMessage {
  message: string;
}

export interface Value {
  value: number;
}

export interface React {
  emoji: string;
  x: number;
  y: number;
}

export interface Reacted {
  emoji: string;
  x: number;
  y: number;
}

export interface Server {
  user: User | null;
  inputs: {
    sendMessage: SendMessage;
    doubleValue: Value;
    wave: Record<string, never>;
    react: React;
  };
  outputs: {
    receiveMessage: ReceiveMessage;
    doubledValue: Value;
    reacted: Reacted;
  };
}
