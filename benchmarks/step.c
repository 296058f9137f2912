/* Gradient descent on a net IN-H1-H2-1 with ReLU and hinge loss over N rows: forward and backward row by row, all
   gradients in one sweep, sizes known when it is compiled. */

void train(const float X[N][IN], const float y[N], float W1[IN][H1], float b1[H1], float W2[H1][H2], float b2[H2],
           float W3[H2], float b3[1], float lr, int steps, float losses[])
{
    for (int step = 0; step < steps; step++) {
        float dW1[IN][H1] = {{0}}, db1[H1] = {0}, dW2[H1][H2] = {{0}}, db2[H2] = {0}, dW3[H2] = {0}, db3 = 0;
        float turned[H2][H1], loss = 0;
        for (int i = 0; i < H1; i++)
            for (int j = 0; j < H2; j++)
                turned[j][i] = W2[i][j];
        for (int row = 0; row < N; row++) {
            float h1[H1], h2[H2], d2[H2], d1[H1], score = b3[0];
            for (int j = 0; j < H1; j++)
                h1[j] = b1[j];
            for (int i = 0; i < IN; i++)
                for (int j = 0; j < H1; j++)
                    h1[j] += X[row][i] * W1[i][j];
            for (int j = 0; j < H1; j++)
                h1[j] = h1[j] > 0 ? h1[j] : 0;
            for (int j = 0; j < H2; j++)
                h2[j] = b2[j];
            for (int i = 0; i < H1; i++)
                for (int j = 0; j < H2; j++)
                    h2[j] += h1[i] * W2[i][j];
            for (int j = 0; j < H2; j++)
                h2[j] = h2[j] > 0 ? h2[j] : 0;
            for (int j = 0; j < H2; j++)
                score += h2[j] * W3[j];
            float margin = 1 - y[row] * score;
            float d = margin > 0 ? -y[row] / N : 0;
            loss += margin > 0 ? margin : 0;
            db3 += d;
            for (int j = 0; j < H2; j++) {
                dW3[j] += d * h2[j];
                d2[j] = h2[j] > 0 ? d * W3[j] : 0;
                db2[j] += d2[j];
            }
            for (int i = 0; i < H1; i++) {
                d1[i] = 0;
                for (int j = 0; j < H2; j++)
                    dW2[i][j] += h1[i] * d2[j];
            }
            for (int j = 0; j < H2; j++)
                for (int i = 0; i < H1; i++)
                    d1[i] += d2[j] * turned[j][i];
            for (int i = 0; i < H1; i++) {
                d1[i] = h1[i] > 0 ? d1[i] : 0;
                db1[i] += d1[i];
            }
            for (int i = 0; i < IN; i++)
                for (int j = 0; j < H1; j++)
                    dW1[i][j] += X[row][i] * d1[j];
        }
        losses[step] = loss / N;
        for (int i = 0; i < IN; i++)
            for (int j = 0; j < H1; j++)
                W1[i][j] -= lr * dW1[i][j];
        for (int j = 0; j < H1; j++)
            b1[j] -= lr * db1[j];
        for (int i = 0; i < H1; i++)
            for (int j = 0; j < H2; j++)
                W2[i][j] -= lr * dW2[i][j];
        for (int j = 0; j < H2; j++) {
            b2[j] -= lr * db2[j];
            W3[j] -= lr * dW3[j];
        }
        b3[0] -= lr * db3;
    }
}
