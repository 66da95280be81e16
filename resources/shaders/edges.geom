#version 150
// Tells every fragment where in its triangle it lies.
layout(triangles) in;
layout(triangle_strip, max_vertices = 3) out;

out vec3 place;  // barycentric: zero on the edge opposite to a corner

void main() {
    for (int i = 0; i < 3; i++) {
        place = vec3(i == 0, i == 1, i == 2);
        gl_Position = gl_in[i].gl_Position;
        EmitVertex();
    }
    EndPrimitive();
}
