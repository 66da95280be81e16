#version 120
// Loose points in face radii, x right, y up, z towards the viewer.
attribute vec3 position;
attribute float hollow;   // 1: drawn as a ring

uniform mat4 model_view;
uniform mat4 projection;
uniform float point_size;
uniform float depth_bias;

varying float ring;

void main() {
    ring = hollow;
    gl_Position = projection * (model_view * vec4(position, 1.0));
    gl_Position.z -= depth_bias * gl_Position.w;
    gl_PointSize = point_size;
}
